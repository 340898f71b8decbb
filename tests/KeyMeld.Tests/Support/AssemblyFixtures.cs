using KeyMeld.Tests.Support;

[assembly: AssemblyFixture(typeof(PostgresFixture))]
