package main

import (
	"strings"
	"testing"

	"jejak/internal/exit"
)

// What is wrong with limits and proxies is told at once, as wrong usage.
func TestSharesOfServe(t *testing.T) {
	good := serveFlags{limits: []string{"streams=16/2048"}, proxies: []string{"127.0.0.1", "10.1.2.3/8", "fd00::/8"}}
	limits, proxies, err := good.shares()
	if err != nil || len(limits) != 1 || limits[0].All != 2048 || len(proxies) != 3 || proxies[0].String() != "127.0.0.1/32" || proxies[1].String() != "10.0.0.0/8" {
		t.Errorf("%+v %v %v", limits, proxies, err)
	}
	bad := serveFlags{limits: []string{"tea=1", "streams=0"}, proxies: []string{"proxy.example", "10.0.0.0/99"}}
	_, _, err = bad.shares()
	for _, want := range []string{`"tea=1"`, `"streams=0"`, `"proxy.example"`, `"10.0.0.0/99"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell of %s", err, want)
		}
	}
	if exit.Of(err) != exit.Usage {
		t.Errorf("exit code %d", exit.Of(err))
	}
}
