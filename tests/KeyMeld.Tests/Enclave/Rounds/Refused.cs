using KeyMeld.Protocol.Errors;

namespace KeyMeld.Tests.Enclave.Rounds;

internal static class Refused
{
    /// <summary>Asserts that a call ends in this code.</summary>
    public static async Task WithAsync(string code, Func<Task> call) => Assert.Equal(code, (await Assert.ThrowsAsync<KeyMeldException>(call)).Code);
}
