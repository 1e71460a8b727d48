// sqlite.h - SQLite's connection, statement and transaction as objects that clean up after
// themselves.
//
//   auto db = attnc::Sqlite::open("tune.db", attnc::Sqlite::Mode::make);
//   attnc::Transaction writing(*db, attnc::Transaction::Kind::write);   // waits for other writers
//   if (Status s = writing.begun(); !s.ok()) return s;
//   attnc::Statement add(*db, "INSERT INTO runs VALUES (?, ?)");
//   add.bind(1, "name"), add.bind(2, int64_t{7});
//   if (Status s = add.finish(); !s.ok()) return s;    // "tune.db: ..."
//   return writing.commit();
//
// Errors of one statement are kept until finish(). Texts are bytes with a length, so they may hold
// any characters. Not here: what the tables are (database.cpp).
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "attn/runtime/status.h"

namespace attnc {

using attn::Result;
using attn::Status;

class Sqlite {
 public:
  enum class Mode { read, make };
  /// `read`: the file has to be there, and nothing is written but what a killed writer left
  /// unfinished. `make`: made if it is not there.
  static Result<Sqlite> open(const std::string& file, Mode mode);

  sqlite3* handle() const { return db_.get(); }
  const std::string& file() const { return file_; }
  /// The error of a call that returned `code`: what is wrong with the file, and what to do.
  Status error(int code) const;
  /// Runs a statement without results.
  Status execute(const std::string& sql) const;

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  std::string file_;
  std::unique_ptr<sqlite3, Close> db_;
};

class Statement {
 public:
  Statement(const Sqlite& db, const std::string& sql);

  /// Parameters are counted from 1.
  void bind(int parameter, std::string_view text);
  void bind(int parameter, int64_t number);
  void bind(int parameter, double number);

  /// The next row of the result; false after the last one, and after an error.
  bool row();
  /// The error, if there was one. Steps a statement that nobody has stepped.
  Status finish();

  /// The types are those of sqlite3_column_type. Columns are counted from 0.
  int type(int column) const { return sqlite3_column_type(statement_.get(), column); }
  std::string text(int column) const;
  int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  double real(int column) const { return sqlite3_column_double(statement_.get(), column); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void step();

  const Sqlite* db_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int code_ = SQLITE_OK;  // of the last call
};

/// Statements that see the same state of the file, or change it together. Without commit() changes
/// are taken back.
class Transaction {
 public:
  enum class Kind { read, write };
  Transaction(const Sqlite& db, Kind kind)
      : db_(&db), begun_(db.execute(kind == Kind::read ? "BEGIN" : "BEGIN IMMEDIATE")) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  const Status& begun() const { return begun_; }
  Status commit() { return db_->execute("COMMIT"); }

 private:
  const Sqlite* db_;
  Status begun_;
};

}  // namespace attnc
