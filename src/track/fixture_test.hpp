// What this room's tests share: a fresh database with its tables.
#pragma once

#include "sql/temporary_database_test.hpp"
#include "track/migrations.hpp"

namespace mlean::track {

class StoreTest : public sql::TemporaryDatabaseTest {
 protected:
  StoreTest() : TemporaryDatabaseTest(Migrations()) {}
};

}  // namespace mlean::track
