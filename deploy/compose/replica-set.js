// For mongosh: a replica set of one member, at the address in MEMBER, that takes writes. Safe to repeat.
try {
  rs.status();
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: process.env.MEMBER }] });
}
for (let tries = 0; !db.hello().isWritablePrimary; tries++) {
  if (tries === 150) throw new Error("the replica set has no primary after 30 s");
  sleep(200);
}
