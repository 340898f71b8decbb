namespace KeyMeld.DevKit.Nsm;

/// <summary>An enclave the simulator has a module for.</summary>
/// <param name="Id">Its name in messages.</param>
/// <param name="SocketPath">The unix socket its module listens at.</param>
/// <param name="BinaryFolder">The folder its program runs from; measured.</param>
/// <param name="ConfigurationFile">Its configuration file; measured.</param>
public sealed record SimulatedEnclave(string Id, string SocketPath, string BinaryFolder, string ConfigurationFile);
