namespace KeyMeld.Gateway.Signing.Rounds;

/// <summary>How many nodes a signing has. In node order the enclaves come first, then the members at home (protocol.md section 6).</summary>
/// <param name="Enclaves">They are called.</param>
/// <param name="Homes">They call.</param>
/// <param name="OneByOne">
/// Enclaves are opened one after the other in node order. Among gateways that share a database only the enclaves know how many requests are open: two that each had an enclave full of the requests of one group
/// and waited for the other's would wait until they expired. Who always takes them in the same order never waits for somebody who waits for him.
/// </param>
internal sealed record RoundNodes(int Enclaves, int Homes, bool OneByOne = false)
{
    public int Count => Enclaves + Homes;

    /// <summary>The places of the members at home among the nodes.</summary>
    public IEnumerable<int> HomePlaces => Enumerable.Range(Enclaves, Homes);
}
