// Lines of MLflow's metric files: any bytes.
#include <string>
#include <string_view>

#include "flows/migrate_mlflow/metric_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  for (const bool logged_model : {false, true}) {
    static_cast<void>(mlean::flows::migrate_mlflow::ParseMetricLine(line, "key", logged_model));
  }
  return 0;
}
