"""The router: carries events from SQS to the subgraphs' mutations, as `router.yaml` says."""
