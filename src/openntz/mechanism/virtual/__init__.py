"""Virtual people: antibodies, drug, blood, lesions, relapses and reactions, a concept a file."""
