"""The quiz: questions from a bank, one at a time by the house's clock; the score says which pool its play draws from."""
