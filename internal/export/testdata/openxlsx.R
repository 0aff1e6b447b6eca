# Reads a workbook with R's openxlsx and prints its cells: {"sheet": [[text, ...], ...]}. The headings of columns of times follow the name of the file.
library(openxlsx)

quoted <- function(s) {
  s <- gsub("\\", "\\\\", s, fixed = TRUE)
  s <- gsub("\"", "\\\"", s, fixed = TRUE)
  s <- gsub("\n", "\\n", s, fixed = TRUE)
  s <- gsub("\t", "\\t", s, fixed = TRUE)
  paste0("\"", s, "\"")
}

text <- function(v) {
  s <- if (is.logical(v)) tolower(as.character(v)) else if (is.numeric(v)) format(v, scientific = FALSE, trim = TRUE, digits = 15) else as.character(v)
  s[is.na(v)] <- ""
  enc2utf8(s)
}

file <- commandArgs(TRUE)[1]
times <- commandArgs(TRUE)[-1]
sheets <- sapply(getSheetNames(file), function(name) {
  d <- read.xlsx(file, sheet = name, skipEmptyRows = FALSE, skipEmptyCols = FALSE, check.names = FALSE, sep.names = " ", na.strings = "")
  head <- names(d)
  cells <- lapply(seq_along(d), function(j) {
    v <- d[[j]]
    if (head[j] %in% times) ifelse(is.na(v), "", format(convertToDateTime(round(v * 86400) / 86400, tz = "UTC"), "%Y-%m-%dT%H:%M:%S")) else text(v)
  })
  rows <- c(list(head), lapply(seq_len(nrow(d)), function(i) sapply(cells, function(column) column[i])))
  paste0(quoted(name), ":[", paste(sapply(rows, function(r) paste0("[", paste(quoted(r), collapse = ","), "]")), collapse = ","), "]")
})
cat("{", paste(sheets, collapse = ","), "}", sep = "")
