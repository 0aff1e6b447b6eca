package server

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/internal/journal"
	"jejak/internal/notary/verify"
)

// formerLog is what was found of a log of a former format in which another program has written pages. The zero
// formerLog: nothing had to be looked at.
type formerLog struct{ report *verify.Report }

// vouch is the Former of sqlite.Options. The notary in a folder vouches for the records under its newest checkpoint.
// Those that came after it, in the second before a kill, nobody has signed: of them it is looked only whether they fit
// in themselves, and tell says how many there are.
func (f *formerLog) vouch(notaryDir string) func(context.Context, iter.Seq2[eventstore.Record, error]) error {
	return func(ctx context.Context, records iter.Seq2[eventstore.Record, error]) (err error) {
		found, err := verify.Directory(notaryDir, fitting(records), nil) // beside a log of that format nothing stands
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, found.Close()) }()
		report, err := found.Check(ctx, nil, "", nil, nil)
		if err != nil {
			return err
		}
		if report == nil {
			return fmt.Errorf("%s holds nothing that was signed: bring back the folder that was beside this log, "+
				"if there still is one", notaryDir)
		}
		var wrong []error
		for _, p := range report.Problems {
			if contradicts(p.Kind) {
				wrong = append(wrong, errors.New(p.Text))
			}
		}
		if len(wrong) == 0 {
			f.report = report
		}
		return errors.Join(wrong...)
	}
}

// contradicts tells whether a problem of a kind leaves it open that the records under the newest checkpoint are those
// that were signed. That a clock was set back it does not, nor what is wrong with files that are made again; who starts
// the notary tells of them.
func contradicts(kind string) bool {
	switch kind {
	case verify.Backdated, verify.Late, verify.Tile, verify.Index, verify.KeyFile:
		return false
	}
	return true
}

// fitting gives records on, and ends with an error at one whose column of the command, which is not signed, does not
// fit the rest of it.
func fitting(records iter.Seq2[eventstore.Record, error]) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		fits := commandFits()
		for rec, err := range records {
			if err == nil {
				named := uuid.Nil
				if meta, unread := journal.ReadMetadata(&rec); unread == nil {
					named = meta.CommandID
				}
				if err = fits(&rec, named); err != nil {
					err = fmt.Errorf("position %d (%s, version %d): %w", rec.Position, rec.Stream, rec.Version, err)
				}
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// tell says that the log was taken and how far it is vouched for. Commands that have no log of their own say it on
// standard error.
func (f *formerLog) tell(log *slog.Logger) {
	if f.report == nil {
		return
	}
	if log == discard {
		log = slog.Default()
	}
	log.Warn("another program has written pages of the event log, which had the format before this one: the file is sound "+
		"and its records are those that the notary has signed, so it was taken as it is and has this program's format now",
		"records", f.report.Records, "signed", f.report.Size, "signed_at", f.report.SignedAt,
		"not_signed", f.report.Unsigned)
}
