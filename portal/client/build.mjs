// Bundles the client into ../static/dist with hashed names and a manifest; `--tests [FOLDER]` bundles the tests into build/test or FOLDER.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const PAGES = { base: "base", htmx: "htmx", seal: "seal", baseprice: "baseprice", keyfile: "keyfile", sign: "sign", board: "board", documents: "documents", preflight: "preflight", recheck: "recheck" };
const { version } = JSON.parse(await readFile(join(here, "package.json"), "utf8"));

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  legalComments: "none",
  charset: "utf8",
  target: ["es2022", "chrome108", "firefox115", "safari16.4"],
  logLevel: "warning",
  write: false,
};

const sha = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);

export async function script(entry, options = {}) {
  const { outputFiles } = await build({ ...common, entryPoints: [entry], format: "esm", ...options });
  return outputFiles[0].contents;
}

/** All outputs by logical name; depends on nothing but the sources and the lock. */
export async function outputs() {
  const worker = await script("src/worker/worker.ts", { format: "iife" });
  const workerFile = hashed("seal-worker.js", worker);
  const define = {
    KAIBIAO_VERSION: JSON.stringify(version),
    KAIBIAO_WORKER: JSON.stringify(workerFile),
    KAIBIAO_WORKER_SHA256: JSON.stringify(sha("sha256", worker, "hex")),
  };
  const made = { "seal-worker.js": worker };
  for (const [name, folder] of Object.entries(PAGES)) made[`${name}.js`] = await script(`src/${folder}/page.ts`, { define });
  made["kaibiao.css"] = await script("../static/kaibiao.css", { format: undefined, nodePaths: [join(here, "node_modules")] });
  made["kaibiao-seal.html"] = await offline(worker, define, made["kaibiao.css"]);
  return made;
}

/** One file that works from disk: style, script and worker inline, each allowed by its hash and nothing else. */
async function offline(worker, define, css) {
  const { outputFiles } = await build({
    ...common,
    stdin: {
      contents: `import { start } from "./src/offline/page.ts"; start(${JSON.stringify(Buffer.from(worker).toString("base64"))});`,
      resolveDir: here,
      loader: "ts",
    },
    format: "iife",
    define: { ...define, "import.meta.url": '""' },
  });
  const code = escaped(Buffer.from(outputFiles[0].contents).toString("utf8"));
  const style = Buffer.from(css).toString("utf8");
  const allow = (kind, text) => `${kind} 'sha256-${sha("sha256", text, "base64")}'`;
  const policy = [
    "default-src 'none'",
    `${allow("script-src", code)} 'wasm-unsafe-eval'`,
    allow("style-src", style),
    "worker-src blob:",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const page = await readFile(join(here, "src/offline/page.html"), "utf8");
  const fill = { POLICY: policy, STYLE: style, SCRIPT: code };
  return Buffer.from(page.replace(/%(POLICY|STYLE|SCRIPT)%/g, (_, name) => fill[name]), "utf8");
}

/** A script inside HTML ends at the first `</script`, wherever that stands. */
const escaped = (code) => code.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--");

function hashed(name, bytes) {
  if (name.endsWith(".html")) return name;
  return name.replace(/\.(\w+)$/, `-${sha("sha256", bytes, "hex").slice(0, 16)}.$1`);
}

async function writeAll(folder) {
  const made = await outputs();
  await mkdir(folder, { recursive: true });
  const manifest = {};
  for (const [name, bytes] of Object.entries(made).sort()) {
    const file = hashed(name, bytes);
    await put(join(folder, file), bytes);
    manifest[name] = { file, integrity: `sha384-${sha("sha384", bytes, "base64")}`, sha256: sha("sha256", bytes, "hex"), bytes: bytes.length };
  }
  await put(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
  await sweep(folder, new Set([...Object.values(manifest).map((one) => one.file), "manifest.json"]));
  return manifest;
}

/** The manifest changes last and at once, so that a running portal never names a file that is not there. */
async function put(path, bytes) {
  await writeFile(`${path}.new`, bytes);
  await rename(`${path}.new`, path);
}

async function sweep(folder, keep) {
  for (const name of await readdir(folder)) if (!keep.has(name)) await rm(join(folder, name));
}

async function bundleTests(folder) {
  const entries = readdirSync(join(here, "test")).filter((name) => name.endsWith(".test.ts") || name.endsWith(".tool.ts"));
  await rm(join(here, folder), { recursive: true, force: true });
  await build({
    ...common,
    write: true,
    minify: false,
    platform: "node",
    target: "node20",
    format: "esm",
    sourcemap: "inline",
    entryPoints: entries.map((name) => `test/${name}`),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    packages: "external",
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === "--tests") await bundleTests(process.argv[3] ?? "build/test");
  else {
    const manifest = await writeAll(join(here, "../static/dist"));
    for (const [name, { bytes, sha256 }] of Object.entries(manifest)) console.log(`${name.padEnd(20)} ${String(bytes).padStart(8)} bytes  ${sha256.slice(0, 16)}`);
  }
}
