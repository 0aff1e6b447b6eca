package main

import (
	"encoding/csv"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"jejak/internal/refdata"
)

// regencies are the names of the built-in regencies by their codes. Only one small file is read: the flags of a command must not wait for all.
func regencies() (map[string]string, error) {
	file, err := refdata.Files().Open("regencies.csv")
	if err != nil {
		return nil, fmt.Errorf("read the regencies: %w", err)
	}
	defer file.Close() // nothing was written
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the regencies: %w", err)
	}
	code, name := slices.Index(rows[0], "code"), slices.Index(rows[0], "name")
	names := make(map[string]string, len(rows))
	for _, row := range rows[1:] {
		names[row[code]] = row[name]
	}
	return names, nil
}

func completeRegencies(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	names, err := regencies()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var list []cobra.Completion
	for _, code := range slices.Sorted(maps.Keys(names)) {
		list = append(list, cobra.CompletionWithDesc(code, names[code]))
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}
