package notary

import (
	"errors"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore/checksum"
)

// doesNotHold: what the notary keeps is not as it was.
type doesNotHold struct{ error }

func (e doesNotHold) Unwrap() error { return e.error }

// DoesNotHold tells whether an error says that the log, or what the notary keeps about it, is not as it was: nothing is wrong with the machine, and trying again does
// not help.
func DoesNotHold(err error) bool {
	var mismatch *MismatchError
	var stream *StreamError
	var lost *LostError
	var damaged *checksum.DamagedError
	var other doesNotHold
	return errors.As(err, &mismatch) || errors.As(err, &stream) || errors.As(err, &lost) || errors.As(err, &damaged) || errors.As(err, &other)
}

// bookDamaged marks what SQLite says of a file that is no database, or a broken one.
func bookDamaged(err error) error {
	if errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.CORRUPT) {
		return doesNotHold{err}
	}
	return err
}
