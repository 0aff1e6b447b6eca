package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jejak/eventstore/lock"
	"jejak/internal/backup"
	"jejak/internal/exit"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

const backupHelp = `Put everything of a data directory that cannot be made again into one file: the log, the people, what auditors have read, the notary's key and
signatures. While a server runs, it does so itself and takes commands meanwhile; what it had answered before is in the backup. When the file is written it is
read back and checked; only then it has its name.

The file is as secret as the data directory: it has names, telephone numbers, the hashes of tokens, and the notary's key. It has no token: admin.token
is left out. It is compressed, not encrypted. Of a directory whose log is on EventStoreDB the log is not in it.`

func newBackupCommand() *cobra.Command {
	var dir, tokenFile string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "backup FILE",
		Short:   "Back up a data directory into one file, also while its server runs",
		Long:    backupHelp,
		Example: "  jejak backup jejak-2024-02-13.backup --data ./jejak-data\n  jejak backup check jejak-2024-02-13.backup\n  jejak backup show jejak-2024-02-13.backup --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := takeBackup(cmd.Context(), dir, tokenFile, args[0], cmd.ErrOrStderr())
			if err != nil {
				return fmt.Errorf("back up %s: %w", dir, err)
			}
			return showBackup(cmd.OutOrStdout(), args[0], list, "written and read back", asJSON)
		},
	}
	dataFlag(cmd.Flags(), &dir)
	cmd.Flags().StringVar(&tokenFile, "token-file", "", "file with the token of the province's admin, for a running server (default: admin.token in --data)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what is in the backup as a JSON object")
	cmd.AddCommand(newBackupCheckCommand(), newBackupShowCommand())
	return cmd
}

func newBackupCheckCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Read a backup to its end and check that it is as it was written",
		Long: `Read a backup to its end: every part and the whole against their SHA-256, the log for gaps, repetitions and malformed records. The exit code is 3 when it
is not whole. That nobody has made another backup in its place it cannot know: keep the SHA-256 of the file elsewhere.`,
		Example: "  jejak backup check jejak-2024-02-13.backup",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := backup.CheckFile(cmd.Context(), args[0], readingOne(cmd.ErrOrStderr(), "reading the backup"))
			if err != nil {
				return notWhole(fmt.Errorf("check %s: %w", args[0], err))
			}
			return showBackup(cmd.OutOrStdout(), args[0], list, "whole", asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what is in the backup as a JSON object")
	return cmd
}

func newBackupShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show FILE",
		Short:   "Tell what a backup says is in it, without reading all of it",
		Example: "  jejak backup show jejak-2024-02-13.backup",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, size, err := backup.Open(args[0])
			if err != nil {
				return fmt.Errorf("show a backup: %w", err)
			}
			defer f.Close()
			list, err := backup.ReadManifest(f, size)
			if err != nil {
				return notWhole(fmt.Errorf("show %s: %w", args[0], err))
			}
			return showBackup(cmd.OutOrStdout(), args[0], list, "not checked: jejak backup check", asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// notWhole gives an error its exit code when it is about what the file is.
func notWhole(err error) error {
	var damaged *backup.DamagedError
	if errors.As(err, &damaged) {
		return exit.With(exit.Mismatch, err)
	}
	return err
}

// takeBackup makes the file, through the server that has the directory or without one. The file has its name only when it is whole.
func takeBackup(ctx context.Context, dir, tokenFile, name string, watch io.Writer) (list backup.Manifest, err error) {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return list, exit.Errorf(exit.Usage, "%s is there already: name another file", name)
	}
	if _, err := os.Stat(dir); err != nil {
		return list, err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-part-") // mode 0600
	if err != nil {
		return list, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	err = writeBackup(ctx, dir, tokenFile, filepath.Dir(name), f, watch)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return list, err
	}
	if list, err = backup.CheckFile(ctx, f.Name(), readingOne(watch, "reading it back")); err != nil {
		return list, notWhole(fmt.Errorf("read back what was written: %w", err))
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return list, err
	}
	return list, backup.SyncFolder(filepath.Dir(name))
}

func writeBackup(ctx context.Context, dir, tokenFile, beside string, w io.Writer, watch io.Writer) error {
	err := server.BackUp(ctx, dir, beside, thisBuild().Version, w, readingOne(watch, "the log"))
	var held *lock.HeldError
	if !errors.As(err, &held) {
		return err
	}
	t, ok, err := askServer(dir, tokenFile)
	if err != nil {
		return err
	}
	if !ok { // not a server, or one that is still starting
		return inUse(held)
	}
	defer t.client.Close()
	return reached(t.client.BackUp(ctx, t.token, &received{w: w, watch: watch}))
}

// received shows how much has come, to a person who watches.
type received struct {
	w, watch io.Writer
	live     *terminal.Live
	bytes    int64
	shown    time.Time
}

func (r *received) Write(p []byte) (int, error) {
	n, err := r.w.Write(p)
	r.bytes += int64(n)
	if terminal.Watched(r.watch) && time.Since(r.shown) > 100*time.Millisecond {
		if r.live == nil {
			r.live = terminal.NewLive(r.watch)
		}
		r.shown = time.Now()
		r.live.Paint(terminal.Sprintf("%s MB written", terminal.Number(r.bytes/1e6)))
	}
	return n, err
}

// shownBackup is what --json prints.
type shownBackup struct {
	File  string `json:"file"`
	State string `json:"state"`
	backup.Manifest
}

func showBackup(w io.Writer, name string, m backup.Manifest, state string, asJSON bool) error {
	if asJSON {
		return printJSON(w, shownBackup{name, state, m})
	}
	var b terminal.Page
	b.Printf("%s: a backup of %s records, %s\n", name, m.Kind, state)
	b.Printf("taken      %s, by %s\n", m.Began.Format(time.RFC3339), m.Program)
	if m.Log.Included {
		b.Printf("log        %s events in %s streams, up to position %d", terminal.Number(int64(m.Log.Events)), terminal.Number(int64(m.Log.Streams)), m.Log.Position)
		if m.Log.Last != nil {
			b.Printf(", recorded from %s to %s", m.Log.First.Format(time.RFC3339), m.Log.Last.Format(time.RFC3339))
		}
		b.Printf("\n")
	} else {
		b.Printf("log        NOT in it: it is on EventStoreDB, which has backups of its own\n")
	}
	for _, e := range m.Elections {
		b.Printf("election   %s, %s\n", e.Election, number(e.Units, "unit", "units"))
	}
	b.Printf("people     %s\n", number(m.People.Accounts, "account", "accounts"))
	for _, p := range m.Parts {
		if !strings.Contains(p.Name, "/") {
			b.Printf("file       %s, %s bytes\n", p.Name, terminal.Number(p.Size))
		}
	}
	if len(m.LeftOut) > 0 {
		b.Printf("left out   %s\n", strings.Join(m.LeftOut, ", "))
	}
	err := terminal.Print(w, b.Text())
	return err
}
