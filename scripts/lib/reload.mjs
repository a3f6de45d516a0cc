// In the page while it is being worked on: loads it anew after an edit. The connection is opened
// before the page locks its network, and outlives that.
new EventSource('changes').addEventListener('message', () => location.reload());
