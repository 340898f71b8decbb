using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>One machine for all tests of a class, which xunit runs one after another.</summary>
public sealed class MachineFixture : IAsyncLifetime
{
    internal TestMachine Machine { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Machine = await TestMachine.StartAsync();

    public ValueTask DisposeAsync() => Machine.DisposeAsync();

    /// <summary>Plays somebody between enclave and KMS for as long as the result lives.</summary>
    internal IDisposable Between(Func<KmsExchange, KmsAnswer?> change) => Between(exchange => Task.FromResult(change(exchange)));

    /// <inheritdoc cref="Between(Func{KmsExchange, KmsAnswer})"/>
    internal IDisposable Between(Func<KmsExchange, Task<KmsAnswer?>> change) => Machine.Between(change);
}
