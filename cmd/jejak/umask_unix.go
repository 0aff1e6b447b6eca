//go:build unix

package main

import "syscall"

// ownerOnly has every file that this process makes be for its owner alone: SQLite's library, for one, makes files beside a database for everybody.
func ownerOnly() { syscall.Umask(0o077) }
