#include "flows/init_project.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.hpp"
#include "flows/init_columns.hpp"
#include "os/files.hpp"
#include "pipeline/dvc_yaml.hpp"
#include "policy/program.hpp"
#include "repo/git.hpp"
#include "repo/loop_config.hpp"
#include "tables/reader.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;

// "Wine data (2).csv" -> "Wine data (2)": without the ending that says the kind of file.
std::string StemOf(const fs::path& path) {
  fs::path name = path.filename();
  if (name.extension() == ".gz" || name.extension() == ".zst") name = name.stem();
  return name.stem().string();
}

// Letters, digits and `joint` only, from a letter or '_' on.
std::string Slug(const std::string& text, char joint, bool lower) {
  std::string out;
  for (const char c : lower ? ToLower(text) : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (good) {
      out += c;
    } else if (!out.empty() && out.back() != joint) {
      out += joint;
    }
  }
  while (!out.empty() && out.back() == joint) out.pop_back();
  if (out.empty()) return "data";
  return out.front() >= '0' && out.front() <= '9' ? "_" + out : out;
}

// The path relative to the root when the data lies in the project; empty when it lies outside.
std::string InsidePath(const fs::path& root, const fs::path& data) {
  std::error_code ignored;
  const fs::path plain = (root / data).lexically_normal();
  const fs::path resolved = fs::weakly_canonical(plain.parent_path(), ignored) / plain.filename();
  for (const auto& [file, base] :
       {std::pair{plain, root.lexically_normal()}, std::pair{resolved, fs::weakly_canonical(root, ignored)}}) {
    const fs::path relative = file.lexically_relative(base);
    if (!relative.empty() && *relative.begin() != ".." && relative != ".") return relative.generic_string();
  }
  return {};
}

Result<void> PlaceData(const InitRequest& request, InitPlan& plan) {
  const fs::path file = (request.root / request.data).lexically_normal();
  if (!os::Exists(file)) {
    TRY(const tables::Format format, tables::FormatOf({.path = file.string()}));  // says which file is meant
    static_cast<void>(format);
    return Fail(Code::kUnsupported, fmt::format("cannot init with '{}': a pattern is no file or folder", request.data.string()));
  }
  plan.data_path = InsidePath(request.root, request.data);
  if (plan.data_path.empty()) {
    if (os::IsDir(file)) {
      return Fail(Code::kUnsupported, fmt::format("cannot init with '{}': a folder must lie inside the project '{}'",
                                                  file.string(), request.root.string()));
    }
    plan.copy_data = true;
    plan.data_path = "data/" + file.filename().string();
    if (os::Exists(request.root / plan.data_path) && !request.force) {
      return Fail(Code::kExists,
                  fmt::format("cannot init: '{}' exists and would be replaced by a copy of '{}'", plan.data_path, file.string()),
                  "mlean init --data " + plan.data_path);
    }
  }
  // A stage must not write what it reads.
  const bool clash = plan.data_path == "data" || plan.data_path == "data/train.parquet" || plan.data_path == "data/test.parquet";
  plan.split_dir = clash ? "prepared" : "data";
  return {};
}

Result<void> NameThings(const InitRequest& request, InitPlan& plan) {
  const std::string stem = StemOf(plan.data_path);
  plan.project = request.root.filename().empty() ? "project" : request.root.filename().string();
  plan.data_name = Slug(stem, '_', true);
  plan.model = request.model.empty() ? Slug(stem, '-', true) : request.model;
  const bool sound =
      plan.model.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == plan.model.npos;
  if (!sound || plan.model.front() == '.' || plan.model.front() == '-' || plan.model.size() > 128) {
    return Fail(Code::kUsage,
                fmt::format("cannot init: a model cannot be named '{}': letters, digits, '-', '_' and '.' only", plan.model),
                "--model " + Slug(plan.model, '-', true));
  }
  return {};
}

Result<void> RefuseExisting(const InitRequest& request, const std::vector<std::string>& paths) {
  if (request.force) return {};
  std::vector<std::string> there;
  for (const std::string& path : paths) {
    if (os::Exists(request.root / path)) there.push_back("'" + path + "'");
  }
  if (there.empty()) return {};
  return Fail(Code::kExists, fmt::format("cannot init: {} {}", Join(there, ", "), there.size() == 1 ? "exists" : "exist"),
              "mlean init -f … replaces what it writes");
}

// What was written by this program must be read by it: a name that slips through the quoting would be a bug of ours.
Result<void> CheckFiles(const InitRequest& request, const std::vector<ProjectFile>& files) {
  for (const ProjectFile& file : files) {
    Result<void> sound;
    if (file.path == "dvc.yaml") {
      if (auto parsed = pipeline::ParseStages(file.text, file.path, request.root); !parsed) sound = parsed.error();
    } else if (file.path == "mlean.yaml") {
      const Result<repo::LoopConfig> parsed = repo::ParseLoopConfig(file.text, file.path);
      if (!parsed) sound = parsed.error();
      for (std::size_t i = 0; parsed && i < parsed->models.front().gate.size(); ++i) {
        if (auto program = policy::Program::Compile(parsed->models.front().gate[i].text); !program) sound = program.error();
      }
    }
    if (!sound)
      return Fail(Code::kInternal, fmt::format("cannot init: the generated {} is not sound: {}", file.path, sound.error().what));
  }
  return {};
}

// Removes what was made unless told to keep it: a failed init leaves nothing.
class Made {
 public:
  ~Made() {
    if (kept_) return;
    for (auto path = paths_.rbegin(); path != paths_.rend(); ++path) {
      // A folder that is not empty is somebody else's too and stays.
      static_cast<void>((*path).filename() == ".dvc" ? os::RemoveTree(*path).ok() : os::Remove(*path).ok());
    }
  }
  // To be called before `path` is made.
  void Note(const fs::path& path) {
    if (!os::Exists(path)) paths_.push_back(path);
  }
  void Keep() { kept_ = true; }

 private:
  std::vector<fs::path> paths_;
  bool kept_ = false;
};

Result<void> MakeDvc(const InitRequest& request, Made& made) {
  if (os::IsDir(request.root / ".dvc")) return {};  // with its cache: never made anew
  made.Note(request.root / ".dvc");
  made.Note(request.root / ".dvcignore");
  repo::InitOptions options = request.dvc;
  options.force = false;
  if (!options.no_scm && !options.subdir && !os::Exists(request.root / ".git")) {
    options.subdir = repo::GitRoot(request.root).has_value();
    options.no_scm = !options.subdir;
  }
  TRY(const auto added, repo::InitDvc(request.root, options));
  static_cast<void>(added);
  return {};
}

}  // namespace

Result<InitPlan> PlanProject(const InitRequest& request) {
  TRYV(RefuseExisting(request, {"mlean.yaml", "dvc.yaml", "params.yaml"}));
  InitPlan plan;
  TRYV(PlaceData(request, plan));
  TRYV(NameThings(request, plan));
  TRYV(RefuseExisting(request, {plan.SuitePath()}));
  TRYV(ChooseColumns(request, plan));
  return plan;
}

Result<std::vector<std::string>> WriteProject(const InitRequest& request, const InitPlan& plan) {
  const std::vector<ProjectFile> files = RenderProject(plan);
  TRYV(CheckFiles(request, files));
  Made made;  // outlives the files in the making
  std::vector<os::AtomicFile> writers;
  std::vector<std::string> written;
  for (const ProjectFile& file : files) {
    const fs::path path = request.root / file.path;
    made.Note(path.parent_path());
    TRYV(os::MakeDirs(path.parent_path()));
    TRY(os::AtomicFile writer, os::AtomicFile::Open(path));
    TRYV(writer.Write(file.text));
    writers.push_back(std::move(writer));
    written.push_back(file.path);
  }
  if (plan.copy_data) {
    const fs::path target = request.root / plan.data_path;
    made.Note(target.parent_path());
    TRYV(os::MakeDirs(target.parent_path()));
    made.Note(target);
    TRYV(os::CopyFile(request.root / request.data, target));
  }
  TRYV(MakeDvc(request, made));
  for (std::size_t i = 0; i < files.size(); ++i) {
    made.Note(request.root / files[i].path);
    TRYV(writers[i].Commit());
  }
  if (repo::GitRoot(request.root) && !request.dvc.no_scm) TRYV(repo::GitAdd(request.root, written));
  if (plan.copy_data) written.push_back(plan.data_path);
  made.Keep();
  return written;
}

}  // namespace mlean::flows
