"""Whether what the components expose is what the catalogue says: captured, compared, kept."""
