// Command debian lists the packages of Debian that the tests run programs of and this machine lacks.
package main

import (
	"fmt"

	"jejak/internal/outside"
)

func main() {
	for _, name := range outside.Missing() {
		fmt.Println(name)
	}
}
