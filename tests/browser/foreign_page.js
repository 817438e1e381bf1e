// All that a page of another origin can try against a local cloud. Answers what became of each attempt.
async function outcomes(cloud, victim, code) {
  const text = { "Content-Type": "text/plain" };
  const secretless = { "Content-Type": "application/json", Authorization: "AWS4-HMAC-SHA256 Credential=000000000000/x" };
  const made = JSON.stringify({
    FunctionName: "evil", Runtime: "python3.11", Handler: "index.handler", Code: { ZipFile: code },
    Role: "arn:aws:iam::000000000000:role/r",
  });
  const invocations = `/2015-03-31/functions/${victim}/invocations`;
  const requests = {
    create: ["/2015-03-31/functions", { method: "POST", headers: text, body: made }],
    create_preflighted: ["/2015-03-31/functions", { method: "POST", headers: secretless, body: made }],
    invoke: [invocations, { method: "POST", headers: text, body: "{}" }],
    task: ["/fuota-tasks", { method: "POST", headers: text, body: "{}" }],
    list: ["/fuota-tasks", {}],
    object: ["/private/image.bin", {}],
    put_object: ["/private/evil.bin", { method: "PUT", body: "evil" }],
    state: ["/_fuota/state", {}],
    health: ["/_ministack/health", {}],
    clock: ["/_fuota/clock", { method: "POST", headers: text, body: '{"advance_seconds": 60}' }],
    fault: ["/_fuota/faults", { method: "POST", headers: text, body: '{"operation": "*", "fault": "throttle"}' }],
    reset: ["/_fuota/reset", { method: "POST", headers: text, body: "{}" }],
    reset_all: ["/_ministack/reset", { method: "POST", headers: text, body: "{}" }],
    config: ["/_ministack/config", { method: "POST", headers: text, body: '{"lambda_svc.LAMBDA_EXECUTOR": "docker"}' }],
    delete: ["/_fuota/requests", { method: "DELETE" }],
    patch: ["/fuota-tasks/x", { method: "PATCH", headers: text, body: "{}" }],
  };
  const found = {};
  const timed = (promise) => Promise.race([promise, new Promise((done) => setTimeout(done, 10000, "no answer"))]);
  for (const mode of ["cors", "no-cors"]) {
    for (const credentials of ["omit", "include"]) {
      for (const [name, [path, options]] of Object.entries(requests)) {
        if (mode === "no-cors" && !["GET", "POST", undefined].includes(options.method)) continue;
        const asked = fetch(cloud + path, { ...options, mode, credentials, referrerPolicy: "no-referrer" });
        found[`${mode} ${credentials} ${name}`] = await timed(
          asked.then((answer) => (answer.type === "opaque" ? "opaque" : answer.status), () => "unreadable"));
      }
    }
  }
  const event = (element, path, attribute = "src") => timed(new Promise((done) => {
    element.onload = () => done("loaded");
    element.onerror = () => done("error");
    element[attribute] = cloud + path;
    document.body.append(element);
  }));
  found.image = await event(new Image(), "/_fuota/state");
  found.script = await event(document.createElement("script"), "/_ministack/health");
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  found.stylesheet = await event(sheet, "/_fuota/state", "href");
  for (const enctype of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    for (const path of ["/_fuota/clock", "/_fuota/reset", "/_ministack/reset", "/2015-03-31/functions", invocations]) {
      const frame = document.createElement("iframe");
      frame.name = `frame ${enctype} ${path}`;
      document.body.append(frame);
      const form = document.createElement("form");
      Object.assign(form, { method: "post", action: cloud + path, target: frame.name, enctype });
      const field = document.createElement("input");
      // As text/plain this is the JSON {"advance_seconds": 60, "x": "="}.
      Object.assign(field, { name: '{"advance_seconds": 60, "x": "', value: '"}' });
      form.append(field);
      document.body.append(form);
      found[`form ${enctype} ${path}`] = await timed(new Promise((done) => {
        frame.onload = () => done("loaded");
        form.submit();
      }));
    }
  }
  found.beacon = String(navigator.sendBeacon(`${cloud}/_fuota/clock`, '{"advance_seconds": 60}'));
  const socket = new WebSocket(`${cloud.replace(/^http/, "ws")}/_aws/execute-api/abc/prod`);
  found.websocket = await timed(new Promise((done) => {
    socket.onopen = () => done("open");
    socket.onerror = () => done("error");
  }));
  const events = new EventSource(`${cloud}/_fuota/state`);
  found.events = await timed(new Promise((done) => {
    events.onopen = () => done("open");
    events.onerror = () => done("error");
  }));
  events.close();
  return found;
}
