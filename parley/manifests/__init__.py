"""What leaves as YAML for a cluster, and comes back: autoscalers and routes in Kubernetes', KEDA's, Istio's and the Gateway API's words."""
