package main

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jejak/internal/exit"
)

const rootHelp = `Jejak keeps the trail of every item of election logistics in a province, from the plan of what is needed
to the box in the polling station, as events that nobody can change unnoticed.

Start with:  jejak demo

Every flag is also an environment variable: --data is JEJAK_DATA, --token-file is JEJAK_TOKEN_FILE; a flag given wins.
Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 a check found a mismatch, 4 server unreachable, 5 data directory in use.`

func newRootCommand(env environment) *cobra.Command {
	root := &cobra.Command{
		Use:           "jejak",
		Short:         "The trail of election logistics",
		Long:          rootHelp,
		Example:       "  jejak demo\n  jejak serve --data ./jejak-data\n  jejak need 3578",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := emptyFlags(cmd.Flags()); err != nil {
				return err
			}
			return env.bind(cmd.Flags())
		},
	}
	root.AddCommand(
		newDemoCommand(),
		newServeCommand(),
		newSimulateCommand(),
		newImportCommand(),
		newNeedCommand(),
		newProjectionsCommand(),
		newUserCommand(),
		newStatusCommand(),
		newApprovalsCommand(),
		newWatchCommand(),
		newAuditCommand(),
		newReportCommand(),
		newNotaryCommand(),
		newClockCommand(),
		newFeedCommand(),
		newBackupCommand(),
		newRestoreCommand(),
		newVersionCommand(),
	)
	return root
}

// emptyFlags refuses flags that were given an empty text: a script whose variable is empty must not get another answer than it asked for.
func emptyFlags(flags *pflag.FlagSet) error {
	var errs []error
	flags.Visit(func(flag *pflag.Flag) {
		if flag.Value.Type() == "string" && strings.TrimSpace(flag.Value.String()) == "" {
			errs = append(errs, fmt.Errorf("--%s is empty: give it a value, or leave it out / --%s kosong: beri nilai, atau hapus", flag.Name, flag.Name))
		}
	})
	if len(errs) > 0 {
		return &exit.Error{Code: exit.Usage, Err: errors.Join(errs...)}
	}
	return nil
}

// group is a command that only holds others.
func group(use, short, long string, subcommands ...*cobra.Command) *cobra.Command {
	names := make([]string, len(subcommands))
	for i, sub := range subcommands {
		names[i] = sub.Name()
	}
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return exit.Errorf(exit.Usage, "%s has no command %q: it has %s", cmd.CommandPath(), args[0], strings.Join(names, ", "))
			}
			return exit.Errorf(exit.Usage, "%s needs one of its commands: %s", cmd.CommandPath(), strings.Join(names, ", "))
		},
	}
	cmd.AddCommand(subcommands...)
	return cmd
}

// commands yields a command and all below it.
func commands(root *cobra.Command) iter.Seq[*cobra.Command] {
	return func(yield func(*cobra.Command) bool) {
		if !yield(root) {
			return
		}
		for _, sub := range root.Commands() {
			for cmd := range commands(sub) {
				if !yield(cmd) {
					return
				}
			}
		}
	}
}

// environment is the process's environment as os.Environ gives it.
type environment []string

// lookup gives the value of a variable, "" also where there is none: an empty one counts as not given.
func (e environment) lookup(name string) string {
	for _, entry := range e {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// fromEnvironment annotates the flags that were set from their variables.
const fromEnvironment = "environment"

// bind sets every flag that was not given from its variable (--token-file: JEJAK_TOKEN_FILE). All bad values are told at once.
func (e environment) bind(flags *pflag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Changed || flag.Name == "help" {
			return
		}
		name := variable(flag.Name)
		if value := e.lookup(name); value != "" {
			if err := errors.Join(flags.Set(flag.Name, value), flags.SetAnnotation(flag.Name, fromEnvironment, nil)); err != nil {
				errs = append(errs, fmt.Errorf("variable %s: %w", name, err))
			}
		}
	})
	return errors.Join(errs...)
}

func variable(flag string) string {
	return "JEJAK_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}
