package brokertest

import "syscall"

// dieWithTest ends the servers of a test that was killed itself.
var dieWithTest = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
