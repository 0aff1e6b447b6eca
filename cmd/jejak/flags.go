package main

import (
	"net/url"

	"github.com/spf13/pflag"

	"jejak/internal/exit"
)

// defaultData and defaultDemo are where the data lies when nobody says.
const (
	defaultData = "./jejak-data"
	defaultDemo = "./demo-data"
)

func dataFlag(flags *pflag.FlagSet, dir *string) {
	flags.StringVar(dir, "data", defaultData, "data directory")
}

const storeHelp = `With --store esdb://HOST:2113 (or esdb+discover://...) the log is on EventStoreDB and only the rest in the data directory. What the address may say
(tls, tlsCaFile, userCertFile, ...) is in docs/operations.md. Give an address with a password in JEJAK_STORE: arguments are seen by every
user of the machine.`

func storeFlag(flags *pflag.FlagSet, store *string) {
	flags.StringVar(store, "store", "", "address of EventStoreDB (esdb://...); without it the log is embedded, DIR/events.db")
}

// checkStore refuses what is no address of a store, without repeating it: it may have a password.
func checkStore(store string) error {
	if store == "" {
		return nil
	}
	u, err := url.Parse(store)
	if err != nil || (u.Scheme != "esdb" && u.Scheme != "esdb+discover") || u.Host == "" {
		return exit.Errorf(exit.Usage, "--store is no address of EventStoreDB: give esdb://HOST:2113 or esdb+discover://NAME:2113, with several hosts parted by commas")
	}
	return nil
}

// storePassword warns of a password among the arguments.
const storePassword = "the address of the store was given as an argument and has a password, which every user of this machine can see: give it in JEJAK_STORE"

// showsPassword tells whether --store was given as an argument and has a password.
func showsPassword(flags *pflag.FlagSet) bool {
	flag := flags.Lookup("store")
	u, err := url.Parse(flag.Value.String())
	if _, hidden := flag.Annotations[fromEnvironment]; hidden || err != nil || u.User == nil {
		return false
	}
	_, has := u.User.Password()
	return has
}
