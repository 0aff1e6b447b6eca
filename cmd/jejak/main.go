// Command jejak keeps the trail of every item of election logistics in a province. `jejak --help` lists what it does.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/spf13/cobra"

	"jejak/internal/diskfull"
	"jejak/internal/exit"
)

func main() {
	ownerOnly()
	ctx, stop := signals()
	code := Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ())
	stop()
	os.Exit(code)
}

// signals returns a context that ends with the first SIGINT or SIGTERM. The second one ends the process at once, as if nobody had listened.
func signals() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// Run runs the program with the arguments after its name and gives the exit code (internal/exit). env has the form of os.Environ.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env []string) int {
	root := newRootCommand(environment(env))
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	running := markRunning(root)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return int(exit.OK)
	}
	if !*running { // what cobra finds wrong before a command runs is the caller's usage
		err = exit.Errorf(exit.Usage, "%w\nsee: %s --help", err, cmd.CommandPath())
	}
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, sqlite3.INTERRUPT)) {
		err = errors.New("interrupted before it was done / dihentikan sebelum selesai")
	}
	exit.Print(stderr, diskfull.Explain(err, writesTo(cmd)...), wantsJSON(cmd, args))
	return int(exit.Of(err))
}

// writesTo are the folders that a command may have written to: its data directory.
func writesTo(cmd *cobra.Command) []string {
	if flag := cmd.Flags().Lookup("data"); flag != nil {
		return []string{flag.Value.String()}
	}
	return nil
}

// markRunning tells from when on an error is the command's own.
func markRunning(root *cobra.Command) *bool {
	running := new(bool)
	for cmd := range commands(root) {
		if run := cmd.RunE; run != nil {
			cmd.RunE = func(cmd *cobra.Command, args []string) error {
				*running = true
				return run(cmd, args)
			}
		}
	}
	return running
}

// wantsJSON also looks at the arguments: a wrong flag ends the parsing before --json is seen.
func wantsJSON(cmd *cobra.Command, args []string) bool {
	flag := cmd.Flags().Lookup("json")
	return flag != nil && (flag.Value.String() == "true" || slices.Contains(args, "--json"))
}
