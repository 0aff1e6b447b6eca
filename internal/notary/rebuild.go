package notary

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// aside is where what is made again waits: until it is known that the log fits, it is evidence.
const aside = ".before"

// remade are the parts of the folder that can be made again from the log.
func remade(dir string) []string {
	return []string{filepath.Join(dir, "tile"), filepath.Join(dir, IndexFile)}
}

// SetAside puts tiles and index aside, so that the next Open makes them again from the log. The notary must not be open. The caller then keeps the new
// ones (keep) or brings the old ones back.
func SetAside(dir string) (done func(keep bool) error, err error) {
	for _, name := range remade(dir) {
		if _, e := os.Stat(name + aside); e == nil { // of a rebuild that was killed: those are the old ones
			err = errors.Join(err, os.RemoveAll(name))
			continue
		}
		if e := os.Rename(name, name+aside); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("put the notary's tiles aside: %w", err)
	}
	return func(keep bool) error {
		var err error
		for _, name := range remade(dir) {
			if keep {
				err = errors.Join(err, os.RemoveAll(name+aside))
				continue
			}
			if _, e := os.Stat(name + aside); e != nil {
				continue // there were none
			}
			err = errors.Join(err, os.RemoveAll(name), os.Rename(name+aside, name))
		}
		return err
	}, nil
}
