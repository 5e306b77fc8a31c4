"""Mail of missions: read the folder, send what is recorded, make texts, store what came in."""
