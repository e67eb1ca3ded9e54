// Your own data in a project: what `mlean init --data FILE --label COLUMN` does. Looks at the data, decides what is to be
// predicted from which columns, and writes mlean.yaml, dvc.yaml, params.yaml and a suggested suite, every key with a comment.
//
//   TRY(const InitPlan plan, PlanProject(request));                // reads, writes nothing
//   TRY(const auto written, WriteProject(request, plan));          // all of it or nothing
//
// Errors: kNotFound no such file or column, with the nearest name; kExists a file of the project is there and `force` is not
// given; kInvalid data that nothing can be learnt from (no labelled row, one class only, no feature); kUnsupported a kind of file
// that is not read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "check/suite.hpp"
#include "repo/project.hpp"

namespace mlean::flows {

struct InitRequest {
  std::filesystem::path root;  // the project's folder, absolute
  std::filesystem::path data;  // file or folder, relative to root or absolute
  std::string label;
  std::string time;              // column of the event time; may be empty
  std::vector<std::string> key;  // columns that identify a row; may be empty
  std::string model;             // its name; empty: by the file's
  std::string task;              // classification or regression; empty: by the label
  bool force = false;            // replace the files that are there
  repo::InitOptions dvc;         // used when there is no .dvc yet. Neither flag given: what fits the folder
};

struct LeftOut {
  std::string column;
  std::string why;  // "a time only grows: …"
};

struct InitPlan {
  std::string project;     // name of the folder
  std::string data_name;   // an identifier, for `data.NAME` in expressions
  std::string data_path;   // relative to the project
  bool copy_data = false;  // the file lies outside and is copied to data_path
  std::string split_dir;   // where the stage split writes train.parquet and test.parquet
  std::string model;
  std::string task;
  std::string label;
  std::string time;
  std::vector<std::string> key;
  std::int64_t rows = 0;
  std::int64_t labelled = 0;  // rows that have a label
  std::size_t columns = 0;
  std::vector<std::string> classes;   // classification: by falling count
  double majority = 0;                // share of the most frequent class
  std::vector<std::string> features;  // what is learnt from
  std::vector<LeftOut> left_out;      // what is not
  std::vector<std::string> slices;    // text features with few values
  check::Suite suite;

  bool Binary() const { return task == "classification" && classes.size() == 2; }
  std::string SuitePath() const { return "checks/" + data_name + ".json"; }
  std::string ModelPath() const { return "model/" + model + ".ubj"; }
};
Result<InitPlan> PlanProject(const InitRequest& request);

struct ProjectFile {
  std::string path;  // relative to the project
  std::string text;
};
// The four files. Pure.
std::vector<ProjectFile> RenderProject(const InitPlan& plan);

// Writes them, copies the data when it lies outside, makes .dvc when there is none, and stages what git should keep. On an error
// everything is as it was. Returns the paths written.
Result<std::vector<std::string>> WriteProject(const InitRequest& request, const InitPlan& plan);

}  // namespace mlean::flows
