// MLflow's Java client at work against one server: java -cp JARS:CLASSES JavaClient PART [FOLDER], with MLFLOW_TRACKING_URI in the
// environment. What every step gave is printed as one JSON object: step by name, in order.

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.Service.*;
import org.mlflow.tracking.*;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;
import org.mlflow_project.google.gson.*;
import org.mlflow_project.google.protobuf.MessageOrBuilder;
import org.mlflow_project.google.protobuf.util.JsonFormat;

public class JavaClient {
  private static final JsonObject results = new JsonObject();
  private static final MlflowClient client = connect();

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "experiments": experiments(); break;
      case "runs": runs(); break;
      case "fluent": fluent(); break;
      case "history": history(); break;
      case "artifacts": artifacts(Path.of(args[1])); break;
      case "registry": registry(Path.of(args[1])); break;
      case "who": who(); break;
      default: throw new IllegalArgumentException(args[0]);
    }
    System.out.println(new GsonBuilder().serializeNulls().create().toJson(results));
    client.close();
  }

  /** The Java client reads no name, password or token from the environment; only the `mlflow` program that it calls for artifacts does. */
  private static MlflowClient connect() {
    String user = System.getenv("MLFLOW_TRACKING_USERNAME"), token = System.getenv("MLFLOW_TRACKING_TOKEN");
    if (user == null && token == null) return new MlflowClient();
    String server = System.getenv("MLFLOW_TRACKING_URI");
    return new MlflowClient(token != null ? new BasicMlflowHostCreds(server, token)
        : new BasicMlflowHostCreds(server, user, System.getenv("MLFLOW_TRACKING_PASSWORD")));
  }

  // ---------------------------------------------------------------- what a step gave

  private interface Step {
    Object run() throws Exception;
  }

  /** Does one step and keeps what it gave; an exception is a result as well. */
  private static void step(String name, Step step) {
    try {
      results.add(name, json(step.run()));
    } catch (MlflowHttpException e) {
      JsonObject failed = new JsonObject();
      failed.addProperty("status", e.getStatusCode());
      failed.add("body", body(e.getBodyMessage()));
      results.add(name, failed);
    } catch (Exception e) {
      results.addProperty(name, e.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }

  private static void step(String name, Runnable step) {
    step(name, () -> {
      step.run();
      return "done";
    });
  }

  private static JsonElement body(String text) {
    try {
      return JsonParser.parseString(text);
    } catch (JsonSyntaxException e) {
      return new JsonPrimitive(text);
    }
  }

  private static JsonElement json(Object value) throws Exception {
    if (value instanceof MessageOrBuilder) {
      return JsonParser.parseString(JsonFormat.printer().preservingProtoFieldNames().print((MessageOrBuilder) value));
    }
    if (value instanceof Iterable) {
      JsonArray list = new JsonArray();
      for (Object one : (Iterable<?>) value) list.add(json(one));
      return list;
    }
    return value == null ? JsonNull.INSTANCE : new Gson().toJsonTree(value);
  }

  // ---------------------------------------------------------------- experiments

  private static void experiments() {
    step("default", () -> client.getExperiment("0"));
    step("unknown", () -> client.getExperiment("4711"));
    step("unknown name", () -> client.getExperimentByName("java nobody").isPresent());
    String id = client.createExperiment("java experiments");
    step("create", () -> id);
    step("create again", () -> client.createExperiment("java experiments"));
    step("create with tags", () -> client.createExperiment(CreateExperiment.newBuilder().setName("java tagged")
        .addTags(ExperimentTag.newBuilder().setKey("team").setValue("näïve 日本 \"q\"")).build()));
    step("tag", () -> client.setExperimentTag(id, "purpose", "of the Java client"));
    step("get", () -> client.getExperiment(id));
    step("by name", () -> client.getExperimentByName("java experiments").get());
    step("rename", () -> client.renameExperiment(id, "java renamed"));
    step("delete", () -> client.deleteExperiment(id));
    step("get deleted", () -> client.getExperiment(id).getLifecycleStage());
    step("search deleted", () -> names(client.searchExperiments("name LIKE 'java%'", ViewType.DELETED_ONLY, 10, List.of("name ASC"))));
    step("restore", () -> client.restoreExperiment(id));
    step("search", () -> names(client.searchExperiments("name LIKE 'java%'", ViewType.ALL, 10, List.of("name DESC"))));
    step("search by tag", () -> names(client.searchExperiments("tags.purpose = 'of the Java client'")));
    step("pages", () -> {
      List<Object> pages = new ArrayList<>();
      for (ExperimentsPage page = client.searchExperiments("name LIKE 'java%'", ViewType.ACTIVE_ONLY, 1, List.of("name ASC"));;
          page = (ExperimentsPage) page.getNextPage()) {
        pages.add(names(page));
        if (!page.hasNextPage()) return pages;
      }
    });
    step("bad filter", () -> client.searchExperiments("nonsense = 'x'"));
  }

  private static List<String> names(ExperimentsPage page) {
    return page.getItems().stream().map(Experiment::getName).collect(Collectors.toList());
  }

  // ---------------------------------------------------------------- runs

  private static void runs() {
    String experiment = client.createExperiment("java runs");
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      RunInfo made = client.createRun(CreateRun.newBuilder().setExperimentId(experiment).setStartTime(1700000000000L + i)
          .setUserId("java").addTags(RunTag.newBuilder().setKey("mlflow.runName").setValue("run " + i)).build());
      ids.add(made.getRunUuid());
    }
    String id = ids.get(0);
    step("create", () -> client.createRun(experiment).getStatus());
    step("param", () -> client.logParam(id, "depth", "8"));
    step("param again", () -> client.logParam(id, "depth", "9"));
    step("empty param", () -> client.logParam(id, "empty", ""));
    step("metric", () -> client.logMetric(id, "auc", 0.75, 1700000000000L, 3));
    step("metric NaN", () -> client.logMetric(id, "nan", Double.NaN, 1700000000000L, 0));
    step("metric of now", () -> client.logMetric(id, "now", 1e-300));
    step("negative step", () -> client.logMetric(id, "back", -1.5, 1700000000000L, -4));
    step("tag", () -> client.setTag(id, "colour", "grün\n日本"));
    step("delete tag", () -> client.deleteTag(id, "colour"));
    step("delete tag again", () -> client.deleteTag(id, "colour"));
    step("batch", () -> client.logBatch(id,
        IntStream.range(0, 1000).mapToObj(i -> metric("loss", 1.0 / (i + 1), i)).collect(Collectors.toList()), null, null));
    step("batch of all", () -> client.logBatch(ids.get(1), List.of(metric("auc", 0.5, 0)),
        List.of(Param.newBuilder().setKey("depth").setValue("6").build()), List.of(RunTag.newBuilder().setKey("t").setValue("v").build())));
    step("batch too large", () -> client.logBatch(id,
        IntStream.range(0, 1001).mapToObj(i -> metric("loss", 0, i)).collect(Collectors.toList()), null, null));
    step("get", () -> sorted(client.getRun(id)));
    step("unknown", () -> client.getRun("0123456789abcdef0123456789abcdef"));
    step("terminate", () -> client.setTerminated(id, RunStatus.FAILED, 1700000009999L));
    step("terminated", () -> client.getRun(id).getInfo());
    step("terminate now", () -> client.setTerminated(ids.get(1)));
    step("finished", () -> client.getRun(ids.get(1)).getInfo().getStatus());
    List<String> all = List.of(experiment);
    step("filter", () -> names(client.searchRuns(all, "params.depth = '6' and metrics.auc < 0.6", ViewType.ACTIVE_ONLY, 10)));
    step("order", () -> names(client.searchRuns(all, "attributes.run_name LIKE 'run%'", ViewType.ALL, 10, List.of("metrics.auc ASC"))));
    step("delete", () -> client.deleteRun(ids.get(2)));
    step("deleted", () -> names(client.searchRuns(all, null, ViewType.DELETED_ONLY, 10)));
    step("log to deleted", () -> client.logParam(ids.get(2), "a", "b"));
    step("restore", () -> client.restoreRun(ids.get(2)));
    step("pages", () -> {
      List<Object> pages = new ArrayList<>();
      for (Page<Run> page = client.searchRuns(all, "attributes.run_name LIKE 'run%'", ViewType.ACTIVE_ONLY, 2, List.of("attributes.start_time ASC"));;
          page = page.getNextPage()) {
        pages.add(names(page));
        if (!page.hasNextPage()) return pages;
      }
    });
    step("infos", () -> client.listRunInfos(experiment).size());
    step("bad filter", () -> client.searchRuns(all, "nonsense.key = 'x'", ViewType.ALL, 10));
  }

  private static Metric metric(String key, double value, long step) {
    return Metric.newBuilder().setKey(key).setValue(value).setTimestamp(1700000000000L + step).setStep(step).build();
  }

  private static List<String> names(Page<Run> page) {
    List<String> out = new ArrayList<>();
    page.getItems().forEach(run -> out.add(run.getInfo().getRunName()));
    return out;
  }

  /** The order of keys in a run is nobody's promise. */
  private static Run sorted(Run run) {
    RunData data = run.getData();
    return run.toBuilder().setData(RunData.newBuilder()
        .addAllMetrics(data.getMetricsList().stream().filter(metric -> !metric.getKey().equals("now"))
            .sorted((a, b) -> a.getKey().compareTo(b.getKey())).collect(Collectors.toList()))
        .addAllParams(data.getParamsList().stream().sorted((a, b) -> a.getKey().compareTo(b.getKey())).collect(Collectors.toList()))
        .addAllTags(data.getTagsList().stream().sorted((a, b) -> a.getKey().compareTo(b.getKey())).collect(Collectors.toList()))).build();
  }

  // ---------------------------------------------------------------- the fluent API

  private static void fluent() {
    MlflowContext context = new MlflowContext(client);
    step("unknown experiment", () -> context.setExperimentName("java nobody"));
    client.createExperiment("java fluent");
    step("experiment", () -> context.setExperimentName("java fluent").getExperimentId() != null);
    ActiveRun run = context.startRun("parent");
    run.logParam("lr", "0.1");
    run.logParams(Map.of("a", "1", "b", "2"));
    run.logMetric("m", 1);
    run.logMetric("m", 2.5, 1);
    run.logMetrics(Map.of("x", 3.0), 7);
    run.setTag("t", "1");
    run.setTags(Map.of("u", "2"));
    ActiveRun child = context.startRun("child", run.getId());
    child.endRun(RunStatus.KILLED);
    run.endRun();
    step("child", () -> {
      Run found = client.getRun(child.getId());
      return List.of(found.getInfo().getStatus(), tag(found, "mlflow.parentRunId").equals(run.getId()), found.getInfo().getRunName());
    });
    step("parent", () -> {
      Run found = client.getRun(run.getId());
      return List.of(found.getInfo().getStatus(), found.getInfo().getEndTime() > 0, tag(found, "mlflow.source.type"),
          found.getData().getParamsCount(), found.getData().getMetricsCount(), tag(found, "t") + tag(found, "u"));
    });
    context.withActiveRun("within", inner -> inner.logMetric("m", 1));
    step("within", () -> names(client.searchRuns(List.of(context.getExperimentId()), "attributes.run_name = 'within' and attributes.status = 'FINISHED'",
        ViewType.ACTIVE_ONLY, 10)));
  }

  private static String tag(Run run, String key) {
    return run.getData().getTagsList().stream().filter(tag -> tag.getKey().equals(key)).map(RunTag::getValue).findFirst().orElse("");
  }

  // ---------------------------------------------------------------- long histories

  /** More points than a batch or a default page: as the client asks, and as older ones did, without max_results. */
  private static void history() {
    String id = client.createRun(client.createExperiment("java history")).getRunUuid();
    for (int batch = 0; batch < 3; batch++) {
      int first = batch * 1000;
      client.logBatch(id, IntStream.range(first, first + 1000).mapToObj(i -> metric("m", i, i)).collect(Collectors.toList()), null, null);
    }
    step("whole", () -> isWhole(client.getMetricHistory(id, "m")));
    step("without max_results", () -> {
      JsonArray points = JsonParser.parseString(client.sendGet("metrics/get-history?run_uuid=" + id + "&run_id=" + id + "&metric_key=m"))
          .getAsJsonObject().getAsJsonArray("metrics");
      return points.size();
    });
    step("unknown metric", () -> client.getMetricHistory(id, "nobody"));
  }

  private static String isWhole(List<Metric> points) {
    for (int i = 0; i < points.size(); i++) {
      if (points.get(i).getStep() != i || points.get(i).getValue() != i) return "wrong at " + i;
    }
    return points.size() + " in order";
  }

  // ---------------------------------------------------------------- artifacts: the client calls the `mlflow` program

  private static void artifacts(Path folder) {
    RunInfo run = client.createRun(client.createExperiment("java artifacts"));
    String id = run.getRunUuid();
    step("file", () -> client.logArtifact(id, folder.resolve("one.txt").toFile()));
    step("folder", () -> client.logArtifacts(id, folder.toFile(), "in/here"));
    step("missing", () -> client.logArtifact(id, folder.resolve("nobody").toFile()));
    step("list", () -> client.listArtifacts(id));
    step("list folder", () -> client.listArtifacts(id, "in/here"));
    step("download file", () -> contents(client.downloadArtifacts(id, "one.txt")));
    step("download all", () -> contents(client.downloadArtifacts(id)));
  }

  private static JsonObject contents(File top) throws Exception {
    JsonObject files = new JsonObject();
    try (Stream<Path> walk = Files.walk(top.toPath())) {
      for (Path path : (Iterable<Path>) walk.filter(Files::isRegularFile).sorted()::iterator) {
        files.addProperty(top.toPath().relativize(path).toString(), Files.readString(path));
      }
    }
    return files;
  }

  // ---------------------------------------------------------------- registry

  private static void registry(Path folder) {
    RunInfo run = client.createRun(client.createExperiment("java registry"));
    client.logArtifacts(run.getRunUuid(), folder.toFile(), "model");
    step("create", () -> body(client.sendPost("registered-models/create", "{\"name\": \"java-model\", \"description\": \"d\"}")));
    step("create again", () -> body(client.sendPost("registered-models/create", "{\"name\": \"java-model\"}")));
    for (int i = 1; i <= 3; i++) {
      step("version " + i, () -> body(client.sendPost("model-versions/create", "{\"name\": \"java-model\", \"source\": \"" + run.getArtifactUri()
          + "/model\", \"run_id\": \"" + run.getRunUuid() + "\"}")));
    }
    step("update", () -> body(client.sendPatch("registered-models/update", "{\"name\": \"java-model\", \"description\": \"é\"}")));
    step("to production", () -> body(stage("1", "Production")));
    step("to staging", () -> body(stage("2", "staging")));
    step("to nowhere", () -> body(stage("2", "nowhere")));
    step("model", () -> client.getRegisteredModel("java-model").getLatestVersionsList().size());
    step("unknown model", () -> client.getRegisteredModel("java nobody"));
    step("get version", () -> client.getModelVersion("java-model", "2"));
    step("unknown version", () -> client.getModelVersion("java-model", "9"));
    step("latest", () -> versions(client.getLatestVersions("java-model")).stream().sorted().collect(Collectors.toList()));  // in no order
    step("latest of stages", () -> versions(client.getLatestVersions("java-model", List.of("Production", "Staging"))));
    step("search", () -> versions(client.searchModelVersions("name = 'java-model'").getItems()));
    step("search by run", () -> versions(client.searchModelVersions("run_id = '" + run.getRunUuid() + "'", 10, List.of("version_number ASC")).getItems()));
    step("pages", () -> {
      List<Object> pages = new ArrayList<>();
      for (ModelVersionsPage page = client.searchModelVersions("name = 'java-model'", 2, List.of("version_number DESC"));;
          page = (ModelVersionsPage) page.getNextPage()) {
        pages.add(versions(page.getItems()));
        if (!page.hasNextPage()) return pages;
      }
    });
    step("download uri", () -> client.getModelVersionDownloadUri("java-model", "1").equals(run.getArtifactUri() + "/model"));
    step("download", () -> contents(client.downloadModelVersion("java-model", "1")));
    step("download latest", () -> contents(client.downloadLatestModelVersion("java-model", "Staging")));
    step("none in stage", () -> client.downloadLatestModelVersion("java-model", "Archived"));
  }

  private static String stage(String version, String stage) {
    return client.sendPost("model-versions/transition-stage",
        "{\"name\": \"java-model\", \"version\": \"" + version + "\", \"stage\": \"" + stage + "\", \"archive_existing_versions\": false}");
  }

  private static List<String> versions(Iterable<ModelVersion> found) {
    List<String> out = new ArrayList<>();
    found.forEach(version -> out.add(version.getVersion() + " " + version.getCurrentStage() + " " + version.getStatus()));
    return out;
  }

  // ---------------------------------------------------------------- what this user may

  private static void who() {
    step("read", () -> client.getExperiment("0").getName());
    step("write", () -> client.createRun("0").getStatus());
  }
}
