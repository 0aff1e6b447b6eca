package people

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"jejak/domain"
)

// AdminFile is the file in the data directory that holds the first admin's token.
const AdminFile = "admin.token"

// EnsureAdmin makes the first admin of a data directory, for a province, and writes his token to admin.token (mode 0600); it is printed nowhere.
// With users already there it does nothing; a token file that got lost is not made again: add another admin with the program instead.
func (s *Store) EnsureAdmin(ctx context.Context, dir string, province domain.Code) error {
	if s.Count() > 0 {
		return nil
	}
	path := filepath.Join(dir, AdminFile)
	// The file comes first: an admin whose token nobody has would lock everyone out.
	token := newToken()
	if err := writeSecret(path, token+"\n"); err != nil {
		return fmt.Errorf("write the admin's token to %s: %w", path, err)
	}
	if err := s.addWithToken(ctx, NewUser{Role: domain.RoleAdmin, Scope: string(province)}, token); err != nil {
		return fmt.Errorf("add the first admin: %w", err)
	}
	return nil
}

func writeSecret(path, text string) (err error) {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Chmod(0o600)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
