package main

import "github.com/spf13/pflag"

// defaultData and defaultDemo are where the data lies when nobody says.
const (
	defaultData = "./jejak-data"
	defaultDemo = "./demo-data"
)

func dataFlag(flags *pflag.FlagSet, dir *string) {
	flags.StringVar(dir, "data", defaultData, "data directory")
}
