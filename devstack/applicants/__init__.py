"""Loan applicants as customers: how a row of a credit file becomes a customer with a profile and activity.

Everything here is pure but for reading the file: the same applicant and the same `today` give the same inputs
of the public graph's mutations, down to the idempotency keys. The outcome of the loan (`creditability`) is
read so that a rating can be judged by it; no input ever carries it.
"""

from devstack.applicants.activity import activity
from devstack.applicants.people import cpf
from devstack.applicants.records import Applicant, ApplicantFileError, read
from devstack.applicants.registration import follow_ups, registration

__all__ = ["Applicant", "ApplicantFileError", "activity", "cpf", "follow_ups", "read", "registration"]
