// Package printing prints in every way in which a command must not: the test of the source notices each.
package printing

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
)

func all(foreign string) {
	fmt.Fprintf(os.Stdout, "%s\n", foreign)
	fmt.Println(foreign)
	io.WriteString(os.Stdout, foreign)
	os.Stdout.Write([]byte(foreign))
	bufio.NewWriter(os.Stdout).WriteString(foreign)
	json.NewEncoder(os.Stdout).Encode(foreign)
	log.Print(foreign)
	_ = "%c"
}
