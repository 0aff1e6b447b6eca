// Package world breaks the whole on purpose: servers over a log that fails, phones without a signal, answers that get lost. Its tests play the
// same acts twice, once with nothing going wrong and once with faults that follow from a seed, and hold the two ends equal.
//
// All that is here for others is Store, the log with faults.
package world
