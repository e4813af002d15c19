"""Operations under keys by label, the keystore, and the vault that holds identities as ciphertext."""
