package main

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// ours are the commands of Jejak, without those that cobra adds by itself.
func ours(t *testing.T) []*cobra.Command {
	t.Helper()
	var list []*cobra.Command
	for cmd := range commands(newRootCommand(nil)) {
		list = append(list, cmd)
	}
	if len(list) < 8 {
		t.Fatalf("only %d commands", len(list))
	}
	return list
}

func TestEveryCommandExplainsItself(t *testing.T) {
	for _, cmd := range ours(t) {
		path := cmd.CommandPath()
		if cmd.Short == "" {
			t.Errorf("%s has no short text", path)
		}
		if cmd.HasSubCommands() {
			continue
		}
		if !strings.Contains(cmd.Example, "  jejak") {
			t.Errorf("%s has no example", path)
		}
		if json := cmd.Flags().Lookup("json"); json == nil || json.Value.Type() != "bool" {
			t.Errorf("%s has no --json", path)
		}
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if flag.Usage == "" {
				t.Errorf("%s --%s says nothing", path, flag.Name)
			}
		})
	}
}

// Examples must not be wrong usage: every flag in them exists, and the arguments fit.
func TestExamplesAreValid(t *testing.T) {
	for _, cmd := range ours(t) {
		for line := range strings.Lines(cmd.Example) {
			line, _, _ = strings.Cut(line, "#")
			line, _, _ = strings.Cut(line, ">") // the shell's
			args := strings.Fields(strings.TrimSuffix(strings.TrimSpace(line), "&"))
			at := slices.Index(args, "jejak")
			if at < 0 {
				continue
			}
			args = args[at+1:]
			target, rest, err := newRootCommand(nil).Find(args)
			if err != nil {
				t.Errorf("jejak %s: %v", line, err)
				continue
			}
			if err := target.ParseFlags(rest); err != nil {
				t.Errorf("jejak %s: %v", line, err)
				continue
			}
			if err := target.ValidateArgs(target.Flags().Args()); err != nil {
				t.Errorf("jejak %s: %v", line, err)
			}
		}
	}
}

func TestEveryFlagIsAVariable(t *testing.T) {
	values := map[string]string{"bool": "true", "uint64": "77", "int": "77", "float64": "77", "duration": "77s", "string": "from-variable", "stringSlice": "3578,3576", "stringArray": "from,variable", "age": "77d", "bytes": "77MiB"}
	for _, cmd := range ours(t) {
		var env environment
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			value, ok := values[flag.Value.Type()]
			if !ok {
				t.Fatalf("%s --%s is of type %s, which this test does not know", cmd.CommandPath(), flag.Name, flag.Value.Type())
			}
			env = append(env, variable(flag.Name)+"="+value)
		})
		if err := env.bind(cmd.Flags()); err != nil {
			t.Errorf("%s: %v", cmd.CommandPath(), err)
		}
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			want := values[flag.Value.Type()]
			switch flag.Value.Type() {
			case "stringSlice":
				want = "[" + want + "]"
			case "stringArray": // one value, whatever is in it
				want = `["` + want + `"]`
			}
			if got := strings.Replace(flag.Value.String(), "1m17s", "77s", 1); flag.Name != "help" && got != want {
				t.Errorf("%s --%s is %s from its variable, want %s", cmd.CommandPath(), flag.Name, got, want)
			}
		})
	}
	if environment([]string{"JEJAK_JSON="}).bind(newVersionCommand().Flags()) != nil {
		t.Error("an empty variable is not given")
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		var out bytes.Buffer
		if code := Run(context.Background(), []string{"completion", shell}, strings.NewReader(""), &out, io.Discard, nil); code != 0 || out.Len() < 1000 {
			t.Errorf("completion %s: code %d, %d bytes", shell, code, out.Len())
		}
	}
	for given, want := range map[string]string{"demo --regency ": "3578\tKota Surabaya\n", "need --election ": "pilkada2024\n", "sim": "simulate\t", "user ": "revoke\t"} {
		var out bytes.Buffer
		args := append([]string{"__complete"}, strings.Split(given, " ")...)
		if code := Run(context.Background(), args, strings.NewReader(""), &out, io.Discard, nil); code != 0 || !strings.Contains(out.String(), want) {
			t.Errorf("jejak %s: code %d, %s", given, code, out.String())
		}
	}
}
