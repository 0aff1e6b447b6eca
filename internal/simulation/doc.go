// Package simulation plays the world outside: the suppliers, warehouses, checkers, drivers, police, committees and crews of an election, over
// the HTTP API, on the driven clock, each person with a token of his own.
//
// Everything follows from a seed: who the people are, when they do what, what goes wrong. The same seed gives the same stream of commands,
// byte for byte, so a simulation that was cut off begins again at its last wave, and sending commands twice is harmless.
//
// It keeps its own account of the truth and compares it with what the API answers at the end. It must not mark its own homework, so it does not
// import the domain: what a discrepancy is to follow from is taken from docs/commands.md.
package simulation
