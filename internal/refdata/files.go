package refdata

import "io/fs"

// Files are the raw files of the built-in reference data, for those who must not use what this package makes of them.
func Files() fs.FS { return data() }
