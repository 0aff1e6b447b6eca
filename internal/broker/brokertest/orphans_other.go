//go:build !linux

package brokertest

import "syscall"

var dieWithTest = &syscall.SysProcAttr{}
