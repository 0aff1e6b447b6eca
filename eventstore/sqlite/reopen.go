package sqlite

import "context"

// Reopen makes a failed store take appends again, once its disk is well. Until the file itself can be opened anew it returns the failure.
func (s *Store) Reopen(ctx context.Context) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	if f := s.failed.Load(); f != nil {
		return f.err
	}
	return nil
}
