# What people do with MLflow's R client, for record.py: Rscript flows.R FLOW, with MLFLOW_TRACKING_URI in the environment.
suppressMessages(library(mlflow))

refused <- function(expression, text) {
  said <- tryCatch({ force(expression); "nothing" }, error = conditionMessage)
  stopifnot(grepl(text, said, fixed = TRUE))
}

experiments <- function() {
  id <- mlflow_create_experiment("r one", tags = list(team = "ops", lang = "R"))
  refused(mlflow_create_experiment("r one"), "RESOURCE_ALREADY_EXISTS")
  mlflow_create_experiment("r two", artifact_location = "mlflow-artifacts:/r-two")
  stopifnot(mlflow_get_experiment(id)$name == "r one", mlflow_get_experiment(name = "r one")$experiment_id == id)
  refused(mlflow_get_experiment(name = "nobody"), "RESOURCE_DOES_NOT_EXIST")
  mlflow_set_experiment_tag("k", "v", experiment_id = id)
  first <- mlflow_search_experiments(max_results = 1)
  stopifnot(mlflow_search_experiments(max_results = 1, page_token = first$next_page_token)$experiments$name == "r one")
  found <- mlflow_search_experiments("name = 'r one'", experiment_view_type = "ALL", max_results = 20000, order_by = list("name DESC", "creation_time"))
  stopifnot(nrow(found$experiments) == 1, is.null(mlflow_search_experiments("name = 'nobody'")))
  mlflow_rename_experiment("r renamed", experiment_id = id)
  mlflow_delete_experiment(id)
  stopifnot(mlflow_search_experiments(experiment_view_type = "DELETED_ONLY")$experiments$experiment_id == id)
  mlflow_restore_experiment(id)
}

runs <- function() {
  id <- suppressMessages(mlflow_set_experiment(experiment_name = "r runs"))
  client <- mlflow_client()
  early <- mlflow_start_run(client = client, experiment_id = id, start_time = 1700000000000, tags = list(mlflow.user = "someone", a = "b"))
  stopifnot(as.numeric(early$start_time) == 1700000000)
  run <- mlflow_start_run()
  mlflow_log_metric("auc", 0.75)
  mlflow_log_metric("auc", 0.8, timestamp = 1700000000123, step = 3)
  odd <- c(nan = NaN, inf = Inf, minus = -Inf, tiny = 1e-300, large = 100000)
  for (name in names(odd)) mlflow_log_metric(name, odd[[name]])
  mlflow_log_metric("far", 1, step = 1e5)
  mlflow_log_param("depth", 8)
  mlflow_log_param("none", NA)
  mlflow_log_param("flag", TRUE)
  mlflow_log_param("text", "grün 日本 \"q\"")
  refused(mlflow_log_param("depth", 9), "Changing param values is not allowed")
  mlflow_set_tag("colour", "red")
  mlflow_delete_tag("colour")
  refused(mlflow_delete_tag("colour"), "No tag with name: colour")
  mlflow_log_batch(
    metrics = data.frame(key = c("loss", "loss", "n"), value = c(1.5, 1 / 7, NaN), step = c(0, 1e5, 0), timestamp = c(1700000000000, 1700000001000, 1700000002000)),
    params = data.frame(key = c("p1", "p2"), value = c("x", "y")), tags = data.frame(key = "t1", value = "z"))
  mlflow_log_batch(metrics = data.frame(key = "one", value = 1, step = 0, timestamp = 1700000000000))
  got <- mlflow_get_run()
  stopifnot(nrow(got$params[[1]]) == 6, sum(is.infinite(got$metrics[[1]]$value)) == 2, "t1" %in% got$tags[[1]]$key)
  stopifnot(mlflow_get_metric_history("auc")$value == c(0.8, 0.75), mlflow_get_metric_history("loss")$step == c(0, 1e5))
  inner <- mlflow_start_run(nested = TRUE)
  stopifnot("mlflow.parentRunId" %in% inner$tags[[1]]$key, mlflow_end_run("KILLED")$status == "KILLED")
  stopifnot(mlflow_end_run()$status == "FINISHED")
  with(mlflow_start_run(), mlflow_log_metric("within", 1))
  stopifnot(nrow(mlflow_search_runs(experiment_ids = id)) == 4, nrow(mlflow_search_runs("metrics.auc > 7", experiment_ids = id)) == 0)
  found <- mlflow_search_runs("metrics.auc > 0.7 and params.depth = '8'", run_view_type = "ALL", experiment_ids = list(id, "0"),
                              order_by = list("metrics.auc DESC", "attributes.start_time"))
  stopifnot(found$run_id == run$run_id)
  mlflow_delete_run(run$run_id)
  stopifnot(mlflow_search_runs(run_view_type = "DELETED_ONLY", experiment_ids = id)$run_id == run$run_id)
  stopifnot(mlflow_restore_run(run$run_id)$lifecycle_stage == "active")
  refused(mlflow_get_run("nobody"), "Run with id=nobody not found")
}

# Files go through the `mlflow` program.
models <- function() {
  suppressMessages(mlflow_set_experiment(experiment_name = "r models"))
  run <- mlflow_start_run()
  folder <- file.path(tempdir(), "model")
  dir.create(file.path(folder, "sub"), recursive = TRUE)
  writeLines("one", file.path(folder, "one.txt"))
  writeLines("two", file.path(folder, "sub", "two.txt"))
  suppressMessages(mlflow_log_artifact(folder, artifact_path = "model"))
  suppressMessages(stopifnot(mlflow_list_artifacts()$path == "model", mlflow_list_artifacts("model")$is_dir == c(FALSE, TRUE)))
  suppressMessages(stopifnot(nrow(mlflow_list_artifacts("nobody")) == 0))
  mlflow:::mlflow_record_logged_model(list(utc_time_created = mlflow:::mlflow_timestamp(), run_id = run$run_id, artifact_path = "model", flavors = list(crate = list(version = "0.1.0", model = "crate.bin"))))
  mlflow_end_run()
  mlflow_create_registered_model("rm", tags = list(list(key = "a", value = "b")), description = "Some")
  mlflow_create_registered_model("rm 2")
  refused(mlflow_create_registered_model("rm"), "RESOURCE_ALREADY_EXISTS")
  stopifnot(mlflow_get_registered_model("rm")$tags[[1]]$value == "b")
  mlflow_rename_registered_model("rm 2", "rm 3")
  stopifnot(mlflow_update_registered_model("rm 3", "d")$description == "d")
  stopifnot(length(mlflow_search_registered_models()$registered_models) == 2)  # by POST
  stopifnot(mlflow_search_registered_models("name = 'rm'", max_results = 1, order_by = list("name ASC"))$registered_models[[1]]$name == "rm")
  mlflow_delete_registered_model("rm 3")
  for (number in 1:2) mlflow_create_model_version("rm", paste0(run$artifact_uri, "/model"), run_id = run$run_id, description = "v")
  stopifnot(mlflow_get_model_version("rm", 1)$status == "READY", mlflow_update_model_version("rm", 1, "new")$description == "new")
  stopifnot(mlflow_get_latest_versions("rm")[[1]]$version == "2")
  for (number in 1:2) mlflow_transition_model_version_stage("rm", number, "Production", archive_existing_versions = TRUE)  # as "TRUE"
  stopifnot(mlflow_get_model_version("rm", 1)$current_stage == "Archived")
  stopifnot(mlflow_get_latest_versions("rm", stages = list("Production"))[[1]]$version == "2")
  mlflow_set_model_version_tag("rm", version = 1, key = "k", value = "v")
  mlflow_set_model_version_tag("rm", stage = "Production", key = "k", value = "v")
  mlflow_delete_model_version("rm", 1)
  refused(mlflow_get_model_version("rm", 1), "RESOURCE_DOES_NOT_EXIST")
}

get(commandArgs(trailingOnly = TRUE))()
