package main

import (
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"jejak/internal/exit"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

const restoreHelp = `Make a data directory of a backup. It must be a new or empty one: nothing is replaced. Everything is checked before the directory is there: the
backup as  jejak backup check  does, then the new log as  jejak audit verify  does. A backup that is not whole leaves nothing, and the exit code is 3.

The first administrator's token is in no backup. Copy admin.token from where you keep it, or make an administrator before the server starts:
  jejak user add --role admin --scope 35 --data DIR`

func newRestoreCommand() *cobra.Command {
	var dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "restore FILE",
		Short:   "Make a data directory of a backup",
		Long:    restoreHelp,
		Example: "  jejak restore jejak-2024-02-13.backup --data ./restored",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := server.Restore(cmd.Context(), args[0], dir, thisBuild().Version, restoring(cmd.ErrOrStderr()))
			var taken *server.NotEmptyError
			switch {
			case errors.As(err, &taken):
				return exit.With(exit.Usage, err)
			case err != nil:
				return notWhole(err)
			}
			if err := showBackup(cmd.OutOrStdout(), args[0], list, "checked and restored to "+dir, asJSON); err != nil || asJSON {
				return err
			}
			province, err := server.ProvinceOf(dir)
			if err != nil {
				return err
			}
			return terminal.Fprintf(cmd.OutOrStdout(), "\nadmin.token is in no backup: jejak user add --role admin --scope %s --data %s\n", province, dir)
		},
	}
	dataFlag(cmd.Flags(), &dir)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was restored as a JSON object")
	return cmd
}

// restoring shows how far a restore has come to a person who watches; nil where nobody does.
func restoring(w io.Writer) func(what server.Restoring, done, total uint64) {
	if !terminal.Watched(w) {
		return nil
	}
	live := terminal.NewLive(w)
	var last time.Time
	return func(what server.Restoring, done, total uint64) {
		if done < total && time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		live.Paint(terminal.Sprintf("%-18s %s", what, terminal.Bar(int64(done), int64(total), 40)))
	}
}
