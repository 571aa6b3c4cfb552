from subgraphs.rating.store.failures import StoreUnavailable
from subgraphs.rating.store.store import AppliedVersion, BandTotal, RatingStore, Row

__all__ = ["AppliedVersion", "BandTotal", "RatingStore", "Row", "StoreUnavailable"]
