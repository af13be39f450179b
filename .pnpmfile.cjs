// openapi-typescript needs the JavaScript API of TypeScript 5. Its peer would be the TypeScript of this workspace, which has none,
// and an override of a peer cannot give it one of its own.
module.exports = {
  hooks: {
    readPackage(manifest) {
      if (manifest.name === "openapi-typescript") {
        delete manifest.peerDependencies.typescript;
        manifest.dependencies.typescript = "5.9.3";
      }
      return manifest;
    },
  },
};
