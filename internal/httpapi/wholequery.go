package httpapi

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"jejak/internal/api"
)

// wholeQuery refuses an address whose question is not all there: a parameter without a value, one that is given twice, or one that cannot be read. Each of
// them would otherwise be passed over, and a script whose variable is empty would get the present for the past. nil: nothing is wrong.
func wholeQuery(r *http.Request) *problem {
	if r.URL.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return newProblem(http.StatusUnprocessableEntity, one("parameter", "/query", "alamat tidak dapat dibaca: "+err.Error(),
			"the address cannot be read: "+err.Error(), "tulis %XX untuk tanda khusus, %3B untuk titik koma",
			"write %XX for special characters, %3B for a semicolon"))
	}
	var problems []api.Problem
	for _, name := range slices.Sorted(maps.Keys(query)) {
		switch values := query[name]; {
		case len(values) > 1:
			problems = append(problems, invalidField("parameter", "/query/"+name, fmt.Sprintf("%s diberikan %d kali", name, len(values)),
				fmt.Sprintf("%s is given %d times", name, len(values))))
		case strings.TrimSpace(values[0]) == "":
			problems = append(problems, one("parameter", "/query/"+name, name+" kosong", name+" is empty", "beri nilai, atau hapus parameter ini",
				"give it a value, or leave the parameter out"))
		}
	}
	if len(problems) > 0 {
		return newProblem(http.StatusUnprocessableEntity, problems...)
	}
	return nil
}
