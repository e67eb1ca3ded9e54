// Inside of the sql room: brings the schema up to date.
//
// Table mlean_migrations(room, number, checksum, applied) keeps what has run. All missing steps run in one BEGIN IMMEDIATE, in
// the order given, so a process that dies in between leaves the old schema and a second opener waits. A step whose text differs
// from the kept SHA-256 is kCorrupt; a kept step that this program does not know is kUnsupported (a newer program has written the
// file).
#pragma once

#include <vector>

#include "sql/connection.hpp"

namespace mlean::sql {

// `conn` uses `handle`. The numbers of each room must be 1, 2, … in order: else it is a bug of ours.
Result<void> Migrate(Conn& conn, Handle& handle, const std::vector<Migration>& migrations);

}  // namespace mlean::sql
